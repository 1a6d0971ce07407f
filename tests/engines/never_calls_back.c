/* ExecAsync and sessions are accepted, and no callback ever comes. Read never has a result. */
#include "engine_async.h"

#include "aiges/wrapper_ext.h"

static int session;

KIT_LIFECYCLE()
KIT_ERROR("never_calls_back: failed")

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  return 0;
}

int wrapperCancel(const char* usrTag) {
  (void)usrTag;
  kit_enter(KIT_cancel);
  return 0;
}

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  kit_add(KIT_live_sessions, 1);
  return &session;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  (void)handle;
  (void)reqData;
  kit_enter(KIT_write);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  (void)handle;
  (void)respData;
  kit_enter(KIT_read);
  return 0;
}

int wrapperDestroy(const void* handle) {
  (void)handle;
  kit_enter(KIT_destroy);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
