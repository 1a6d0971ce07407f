/* wrapperCreate answers a handle and errNum 24: a failure, so it must not be destroyed. */
#include "engine_kit.h"

static int session;

KIT_LIFECYCLE()
KIT_ERROR("handle_with_error: half open")

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  *errNum = 24;
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
  return 0;
}
