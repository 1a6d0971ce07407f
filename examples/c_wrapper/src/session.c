/*
 * The way of asking in a stream: the bytes of one picture arrive in pieces; the one with status End
 * (or Once) is the last, and the answer is ready when its wrapperWrite returns. It goes to the
 * callback if the session has one, else to the next wrapperRead.
 *
 * Calls on one session never overlap, so a session needs no lock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { MOST_BYTES = 64 * 1024 * 1024 };

struct session {
  const char* tag; /* the host's, until wrapperDestroy */
  wrapperCallback callback;
  int top;
  int ended;
  uint8_t* bytes;
  size_t size;
  size_t capacity;
  unsigned pieces;
  pDataList ready; /* not yet fetched */
  pDataList lent;  /* fetched, valid until the next wrapperRead */
  char debug[128];
};

const void* wrapperCreate(const char* usrTag, pParamList params, wrapperCallback cb,
                          unsigned int psrIds[], int psrCnt, int* errNum) {
  (void)psrIds;
  (void)psrCnt;
  int top = 0;
  *errNum = request_top(params, &top);
  if (*errNum != 0) return NULL;
  struct session* session = calloc(1, sizeof *session);
  if (session == NULL) {
    *errNum = ERR_NO_MEMORY;
    return NULL;
  }
  session->tag = usrTag;
  session->callback = cb;
  session->top = top;
  return session;
}

static int append(struct session* session, const void* data, size_t size) {
  if (size > MOST_BYTES - session->size) return ERR_TOO_LARGE;
  if (size > session->capacity - session->size) {
    size_t capacity = 2 * session->capacity + size;
    uint8_t* bytes = realloc(session->bytes, capacity);
    if (bytes == NULL) return ERR_NO_MEMORY;
    session->bytes = bytes;
    session->capacity = capacity;
  }
  if (size > 0) memcpy(session->bytes + session->size, data, size);
  session->size += size;
  ++session->pieces;
  return 0;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  struct session* session = (struct session*)handle;
  if (session->ended) return ERR_SESSION_ENDED;
  const struct DataList* node = request_picture(reqData);
  if (node == NULL) return ERR_NO_INPUT;
  int error = append(session, node->data, node->len);
  if (error != 0 || (node->status != DataEnd && node->status != DataOnce)) return error;

  session->ended = 1;
  struct request request = {session->tag, session->bytes, session->size, session->top};
  pDataList answer = NULL;
  error = recognise(&request, &answer);
  if (error != 0) return error;
  if (session->callback == NULL) {
    session->ready = answer;
  } else {
    session->callback(session->tag, answer, 0);
    free(answer); /* the host has copied it */
  }
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  struct session* session = (struct session*)handle;
  free(session->lent);
  session->lent = session->ready;
  session->ready = NULL;
  *respData = session->lent;
  return 0;
}

const char* wrapperDebugInfo(const void* handle) {
  struct session* session = (struct session*)handle;
  snprintf(session->debug, sizeof session->debug, "pieces=%u bytes=%zu complete=%s",
           session->pieces, session->size, session->ended ? "yes" : "no");
  return session->debug;
}

int wrapperDestroy(const void* handle) {
  struct session* session = (struct session*)handle;
  free(session->ready);
  free(session->lent);
  free(session->bytes);
  free(session);
  return 0;
}
