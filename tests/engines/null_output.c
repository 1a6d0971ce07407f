/* wrapperExec and wrapperRead succeed and give nothing: *respData stays NULL. */
#include "engine_kit.h"

static int session;

KIT_LIFECYCLE()
KIT_ERROR("null_output: failed")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (void)usrTag;
  (void)respData;
  kit_enter(KIT_exec_free);
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
