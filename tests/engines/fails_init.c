/* wrapperInit fails with config code=N (42 if not given; 0: it succeeds), told by config text=T. */
#include "engine_kit.h"

static char text[256];

int wrapperInit(pConfig cfg) {
  kit_enter(KIT_init);
  const char* given = kit_param(cfg, "text");
  snprintf(text, sizeof(text), "%s", given == NULL ? "fails_init: the model is missing" : given);
  return (int)kit_number(cfg, "code", 42);
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  return 0;
}

KIT_ERROR(text)
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}
