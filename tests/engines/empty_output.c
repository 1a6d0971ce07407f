/* The output is an empty list as the ABI draws it: one node without a key, data or length. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("empty_output: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList node = kit_node(NULL, "", 0, DataText, DataBegin);
  kit_give(usrTag, respData, node);
  return 0;
}
