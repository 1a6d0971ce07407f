/*
 * Calls the host functions as it should not: within wrapperInit, with NULL, with an unknown tag.
 * Answers each request with a text of what they returned, "in Init,unknown,NULL tag,NULL key,good".
 */
#include "engine_kit.h"

static wrapperMeterCustom meter;
static wrapperTraceLog trace;
static int in_init = 99;

int wrapperSetCtrl(CtrlType type, void* func) {
  kit_enter(KIT_set_ctrl);
  if (type == CTMeterCustom) memcpy(&meter, &func, sizeof(func));
  if (type == CTTraceLog) memcpy(&trace, &func, sizeof(func));
  return 0;
}

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  in_init = meter("no such tag", "init", 1);
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  return meter("no such tag", "fini", 1) == -1 ? 0 : 1;
}

KIT_ERROR("meter_misuse: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  char text[128];
  const int unknown = meter("no such tag", "key", 1);
  const int null_tag = meter(NULL, "key", 1);
  const int null_key = meter(usrTag, NULL, 1);
  (void)trace(usrTag, NULL, NULL);
  (void)trace(usrTag, "key", NULL);
  const int good = meter(usrTag, "key", 5);
  snprintf(text, sizeof(text), "%d,%d,%d,%d,%d", in_init, unknown, null_tag, null_key, good);
  kit_give(usrTag, respData, kit_text("returned", text));
  return 0;
}
