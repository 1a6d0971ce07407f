/* The smallest engine: Exec and ExecFree, none of the optional functions. Echoes. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("once_only: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_see_input(params, reqData);
  const int failure = (int)kit_number(params, "fail", 0);
  if (failure != 0) return failure;
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}
