/* wrapperCreate answers NULL and errNum 23. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("null_handle_with_error: full")

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  *errNum = 23;
  return NULL;
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
