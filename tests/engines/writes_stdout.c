/* Writes to stdout and stderr wherever it is called. */
#include "engine_kit.h"

static void say(const char* where) {
  printf("writes_stdout: out in %s\n", where);
  fprintf(stderr, "writes_stdout: err in %s\n", where);
  fflush(stdout);
}

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  say("init");
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  say("fini");
  return 0;
}

KIT_ERROR("writes_stdout: failed")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  say("exec");
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  say("exec_free");
  kit_take_back(usrTag, respData);
  return 0;
}
