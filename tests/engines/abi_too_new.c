/* Compiled with a newer wrapper_ext.h than the host knows. */
#include "engine_kit.h"

#include "aiges/wrapper_ext.h"

KIT_LIFECYCLE()
KIT_ERROR("abi_too_new: failed")
KIT_EXEC_FREE()

int wrapperAbiVersion(void) { return AIGES_WRAPPER_EXT_VERSION + 1; }

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}
