/* wrapperError answers with a text of 16 MiB; wrapperExec always fails with 6. */
#include "engine_kit.h"

enum { kTextBytes = 16 * 1024 * 1024 };
static char text[kTextBytes + 1];

int wrapperInit(pConfig cfg) {
  static const char start[] = "error_text_huge: ";
  (void)cfg;
  kit_enter(KIT_init);
  memset(text, 'x', kTextBytes);
  memcpy(text, start, sizeof(start) - 1);
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  return 0;
}

KIT_ERROR(text)
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  return 6;
}
