/* Sessions without wrapperRead: results only by callback, here from within wrapperWrite. */
#include "engine_async.h"

KIT_LIFECYCLE()
KIT_ERROR("stream_async_only: failed")

typedef struct Session {
  const char* tag;
  wrapperCallback callback;
} Session;

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  if (cb == NULL) {
    *errNum = 9;
    return NULL;
  }
  Session* session = (Session*)malloc(sizeof(Session));
  session->tag = usrTag;
  session->callback = cb;
  kit_add(KIT_live_sessions, 1);
  return session;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  const Session* session = (const Session*)handle;
  kit_enter(KIT_write);
  pDataList answer = kit_copy_list(reqData);
  kit_call_back(session->callback, session->tag, answer, 0);
  kit_free_list(answer);
  return 0;
}

int wrapperDestroy(const void* handle) {
  kit_enter(KIT_destroy);
  free((void*)handle);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
