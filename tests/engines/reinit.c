/* Can be initialised again after wrapperFini; answers with how often it was ("rounds"). */
#include "engine_kit.h"

static int initialised;

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  if (initialised) return 61; /* twice without wrapperFini in between */
  initialised = 1;
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  initialised = 0;
  return 0;
}

KIT_ERROR("reinit: already initialised")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  char text[32];
  snprintf(text, sizeof(text), "%ld", kit_get(KIT_init));
  kit_give(usrTag, respData, kit_text("rounds", text));
  return 0;
}
