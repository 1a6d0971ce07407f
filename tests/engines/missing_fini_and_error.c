/* Neither wrapperFini nor wrapperError. */
#include "engine_kit.h"

KIT_EXEC_FREE()

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  return 0;
}

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}
