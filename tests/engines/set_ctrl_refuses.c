/* wrapperSetCtrl answers "not wanted". */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("set_ctrl_refuses: failed")
KIT_EXEC_FREE()

int wrapperSetCtrl(CtrlType type, void* func) {
  (void)type;
  (void)func;
  kit_enter(KIT_set_ctrl);
  return -1;
}

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}
