/* wrapperError answers NULL. wrapperInit fails with config code=N, wrapperExec always with 5. */
#include "engine_kit.h"

int wrapperInit(pConfig cfg) {
  kit_enter(KIT_init);
  return (int)kit_number(cfg, "code", 0);
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  return 0;
}

KIT_ERROR(NULL)
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  return 5;
}
