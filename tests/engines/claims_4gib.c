/* Three output nodes, each claiming 4 GiB - 1 bytes over a buffer of 16 bytes. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("claims_4gib: failed")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList answer = NULL;
  for (int i = 0; i < 3; ++i) {
    pDataList node = kit_node("liar", "sixteen bytes...", 16, DataPer, DataOnce);
    node->len = 0xFFFFFFFFu;
    kit_append(&answer, node);
  }
  kit_give(usrTag, respData, answer);
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  for (pDataList node = *respData; node != NULL; node = node->next) node->len = 16;
  kit_take_back(usrTag, respData);
  return 0;
}
