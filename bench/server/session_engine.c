/*
 * A stream engine that does as little as one can: a session keeps what is written, and reading
 * gives all of it, as one item of status End, once the input has ended. Synchronous functions only.
 */
#include <stdlib.h>
#include <string.h>

#include "aiges/wrapper.h"

#define OUT_OF_MEMORY 1

static char answer_key[] = "answer";

typedef struct Session {
  char* bytes;
  unsigned int len;
  int ended;
  struct DataList answer;
} Session;

int wrapperInit(pConfig cfg) {
  (void)cfg;
  return 0;
}

int wrapperFini(void) { return 0; }

const char* wrapperError(int errNum) {
  return errNum == OUT_OF_MEMORY ? "out of memory" : "unknown error";
}

const char* wrapperVersion(void) { return "bench"; }

const void* wrapperCreate(const char* usrTag, pParamList params, wrapperCallback cb,
                          unsigned int psrIds[], int psrCnt, int* errNum) {
  (void)usrTag, (void)params, (void)cb, (void)psrIds, (void)psrCnt;
  Session* session = calloc(1, sizeof *session);
  *errNum = session == NULL ? OUT_OF_MEMORY : 0;
  return session;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  Session* session = (Session*)handle;
  for (; reqData != NULL; reqData = reqData->next) {
    char* grown = realloc(session->bytes, (size_t)session->len + reqData->len + 1);
    if (grown == NULL) return OUT_OF_MEMORY;
    session->bytes = grown;
    if (reqData->len != 0) memcpy(grown + session->len, reqData->data, reqData->len);
    session->len += reqData->len;
    if (reqData->status == DataEnd || reqData->status == DataOnce) session->ended = 1;
  }
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  Session* session = (Session*)handle;
  *respData = NULL;
  if (!session->ended) return 0;
  session->answer.key = answer_key;
  session->answer.data = session->bytes;
  session->answer.len = session->len;
  session->answer.type = DataPer;
  session->answer.status = DataEnd;
  *respData = &session->answer;
  return 0;
}

int wrapperDestroy(const void* handle) {
  Session* session = (Session*)handle;
  free(session->bytes);
  free(session);
  return 0;
}
