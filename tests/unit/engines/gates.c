/*
 * Stands at a gate in the one function that config gate=NAME names, until test_release lets it go.
 * NAME is the function without "wrapper", in the kit's spelling: init, fini, error, version, exec,
 * exec_free, exec_async, create, write, read, destroy, debug_info, load_res, unload_res.
 * Otherwise it echoes; param or config fail=N makes Exec and Create answer with that error.
 */
#include "engine_async.h"
#include "engine_gate.h"

static char gated[32];
static int config_fail;

static void enter(int counter, const char* name) {
  kit_enter(counter);
  if (strcmp(gated, name) == 0) (void)kit_gate(name);
}

static int failure(pParamList params) { return (int)kit_number(params, "fail", config_fail); }

int wrapperInit(pConfig cfg) {
  const char* gate = kit_param(cfg, "gate");
  snprintf(gated, sizeof(gated), "%s", gate == NULL ? "" : gate);
  config_fail = (int)kit_number(cfg, "fail", 0);
  enter(KIT_init, "init");
  return 0;
}

int wrapperFini(void) {
  enter(KIT_fini, "fini");
  return 0;
}

const char* wrapperError(int errNum) {
  (void)errNum;
  enter(KIT_error, "error");
  return "gates: asked to fail";
}

const char* wrapperVersion(void) {
  enter(KIT_version, "version");
  return "gates 1";
}

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  enter(KIT_exec, "exec");
  kit_see_input(params, reqData);
  if (failure(params) != 0) return failure(params);
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  enter(KIT_exec_free, "exec_free");
  kit_add(KIT_exec_free, -1); /* counted again where the list is taken back */
  kit_take_back(usrTag, respData);
  return 0;
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  enter(KIT_exec_async, "exec_async");
  kit_call_back(callback, usrTag, reqData, 0);
  return 0;
}

typedef struct Session {
  pDataList last;
} Session;

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  enter(KIT_create, "create");
  *errNum = failure(params);
  if (*errNum != 0) return NULL;
  kit_add(KIT_live_sessions, 1);
  return calloc(1, sizeof(Session));
}

int wrapperWrite(const void* handle, pDataList reqData) {
  Session* session = (Session*)handle;
  enter(KIT_write, "write");
  kit_free_list(session->last);
  session->last = kit_copy_list(reqData);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  enter(KIT_read, "read");
  *respData = ((Session*)handle)->last;
  return 0;
}

const char* wrapperDebugInfo(const void* handle) {
  (void)handle;
  enter(KIT_debug_info, "debug_info");
  return "gates: a session";
}

int wrapperDestroy(const void* handle) {
  Session* session = (Session*)handle;
  enter(KIT_destroy, "destroy");
  kit_free_list(session->last);
  free(session);
  kit_add(KIT_live_sessions, -1);
  return 0;
}

int wrapperLoadRes(pDataList perData, unsigned int resId) {
  (void)perData;
  (void)resId;
  enter(KIT_load_res, "load_res");
  kit_add(KIT_live_resources, 1);
  return 0;
}

int wrapperUnloadRes(unsigned int resId) {
  (void)resId;
  enter(KIT_unload_res, "unload_res");
  kit_add(KIT_live_resources, -1);
  return 0;
}
