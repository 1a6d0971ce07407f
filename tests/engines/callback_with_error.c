/* Calls back with error 33 and a list pointer that must not be looked at. */
#include "engine_async.h"

typedef struct Session {
  const char* tag;
  wrapperCallback callback;
} Session;

KIT_ASYNC_LIFECYCLE()
KIT_ERROR("callback_with_error: the model refused")

static void answer(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  kit_call_back(request->callback, request->tag, (pDataList)(uintptr_t)8, 33);
  kit_request_free(request);
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  kit_spawn(answer, kit_request(usrTag, callback, reqData));
  return 0;
}

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  Session* session = (Session*)malloc(sizeof(Session));
  session->tag = usrTag;
  session->callback = cb;
  kit_add(KIT_live_sessions, 1);
  return session;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  const Session* session = (const Session*)handle;
  kit_enter(KIT_write);
  kit_spawn(answer, kit_request(session->tag, session->callback, reqData));
  return 0;
}

int wrapperDestroy(const void* handle) {
  kit_enter(KIT_destroy);
  kit_join_all();
  free((void*)handle);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
