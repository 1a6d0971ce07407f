/* Exec stands at the gate until test_release lets it go; there is no wrapperCancel. */
#include "engine_gate.h"

KIT_LIFECYCLE()
KIT_ERROR("latch_without_cancel: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_gate(usrTag);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}
