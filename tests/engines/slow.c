/* Every request takes param ms=N milliseconds (200 if not given) of sleep. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("slow: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_add(KIT_inside, 1);
  kit_note_most(KIT_most_inside, kit_get(KIT_inside));
  kit_sleep(kit_number(params, "ms", 200));
  kit_add(KIT_inside, -1);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}
