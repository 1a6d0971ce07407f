/* wrapperExecFree stands at the gate until test_release lets it go. */
#include "engine_gate.h"

KIT_LIFECYCLE()
KIT_ERROR("slow_free: failed")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  kit_gate(usrTag);
  kit_take_back(usrTag, respData);
  return 0;
}
