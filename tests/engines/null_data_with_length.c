/* The second of two output nodes claims 16 bytes at NULL. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("null_data_with_length: failed")
/* Its list is not one that kit_take_back can free: a node has a length and no bytes. */
int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (*respData)->next->len = 0;
  kit_take_back(usrTag, respData);
  return 0;
}

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList answer = kit_text("good", "text");
  pDataList bad = (pDataList)calloc(1, sizeof(KitNode));
  bad->key = kit_copy_text("bad");
  bad->len = 16;
  bad->status = DataOnce;
  kit_append(&answer, bad);
  kit_give(usrTag, respData, answer);
  return 0;
}
