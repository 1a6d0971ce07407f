/* The output list bites its tail: the last of three nodes points to the second. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("cyclic_list: failed")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList answer = kit_text("first", "1");
  answer->next = kit_text("second", "2");
  answer->next->next = kit_text("third", "3");
  answer->next->next->next = answer->next;
  kit_give(usrTag, respData, answer);
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (*respData)->next->next->next = NULL;
  kit_take_back(usrTag, respData);
  return 0;
}
