/* wrapperFini answers with an error number; there is nothing a host could do about it. */
#include "engine_kit.h"

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  return 17;
}

KIT_ERROR("fails_fini: could not clean up")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}
