/* wrapperVersion, wrapperSchema and wrapperDebugInfo answer NULL. */
#include "engine_kit.h"

#include "aiges/wrapper_ext.h"

static int session;

KIT_LIFECYCLE()
KIT_ERROR("texts_null: failed")
KIT_EXEC_FREE()

const char* wrapperVersion(void) { return NULL; }

const char* wrapperSchema(void) { return NULL; }

const char* wrapperDebugInfo(const void* handle) {
  (void)handle;
  kit_enter(KIT_debug_info);
  return NULL;
}

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
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
