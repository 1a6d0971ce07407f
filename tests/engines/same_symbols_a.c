/* Exports the same names as same_symbols_b, a global variable among them. Answers 'a'. */
#include "engine_kit.h"

WrapperAPI char shared_name[] = "a";
WrapperAPI int shared_count = 0;

WrapperAPI const char* shared_function(void);

const char* shared_function(void) { return shared_name; }

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  __atomic_store_n(&shared_count, 0, __ATOMIC_SEQ_CST);
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  return 0;
}

KIT_ERROR(shared_function())
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  char text[32];
  if (kit_number(params, "fail", 0) != 0) return 1;
  const int count = __atomic_add_fetch(&shared_count, 1, __ATOMIC_SEQ_CST);
  snprintf(text, sizeof(text), "%s%d", shared_function(), count);
  kit_give(usrTag, respData, kit_text("who", text));
  return 0;
}
