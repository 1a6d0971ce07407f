/* The second of two output nodes has data and no key. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("null_key: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList answer = kit_text("good", "text");
  kit_append(&answer, kit_text(NULL, "nobody can ask for this"));
  kit_give(usrTag, respData, answer);
  return 0;
}
