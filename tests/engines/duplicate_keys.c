/* The same key three times, another one in between. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("duplicate_keys: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList answer = kit_text("same", "first");
  kit_append(&answer, kit_text("other", "between"));
  kit_append(&answer, kit_text("same", "second"));
  kit_append(&answer, kit_text("same", ""));
  kit_give(usrTag, respData, answer);
  return 0;
}
