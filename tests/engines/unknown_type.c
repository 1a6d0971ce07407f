/* A node whose type and status (params type=N, status=N) are in no enum. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("unknown_type: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList node = kit_text("odd", "text");
  node->type = (DataType)kit_number(params, "type", DataText);
  node->status = (DataStatus)kit_number(params, "status", DataOnce);
  kit_give(usrTag, respData, node);
  return 0;
}
