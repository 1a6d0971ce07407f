/* A session that cannot be written to, beside a complete way of working: Exec and ExecFree. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("missing_write: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  return NULL;
}

int wrapperDestroy(const void* handle) {
  (void)handle;
  kit_enter(KIT_destroy);
  return 0;
}
