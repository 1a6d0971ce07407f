/*
 * Every Exec, Write and Read stands at the gate until test_release lets it go ("waiting" counts
 * them); ExecAsync answers from a thread that does. wrapperCancel sends them away with error 99.
 */
#include "engine_async.h"
#include "engine_gate.h"

#include "aiges/wrapper_ext.h"

enum { kCancelled = 99 };

typedef struct Session {
  const char* tag;
  pDataList last;
} Session;

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  kit_join_all();
  return 0;
}

const char* wrapperError(int errNum) {
  kit_enter(KIT_error);
  return errNum == kCancelled ? "latch: cancelled" : "latch: failed";
}

int wrapperCancel(const char* usrTag) {
  kit_enter(KIT_cancel);
  if (kit_gate_cancel(usrTag) > 0) kit_add(KIT_cancelled, 1);
  return 0;
}

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  kit_see_input(params, reqData);
  if (!kit_gate(usrTag)) return kCancelled;
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}

KIT_EXEC_FREE()

static void answer(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  const int ret = kit_gate(request->tag) ? 0 : kCancelled;
  kit_call_back(request->callback, request->tag, request->answer, ret);
  kit_request_free(request);
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  kit_spawn(answer, kit_request(usrTag, callback, reqData));
  return 0;
}

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  Session* session = (Session*)calloc(1, sizeof(Session));
  session->tag = usrTag;
  kit_add(KIT_live_sessions, 1);
  return session;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  Session* session = (Session*)handle;
  kit_enter(KIT_write);
  if (!kit_gate(session->tag)) return kCancelled;
  kit_free_list(session->last);
  session->last = kit_copy_list(reqData);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  Session* session = (Session*)handle;
  kit_enter(KIT_read);
  if (!kit_gate(session->tag)) return kCancelled;
  *respData = session->last;
  return 0;
}

int wrapperDestroy(const void* handle) {
  Session* session = (Session*)handle;
  kit_enter(KIT_destroy);
  kit_free_list(session->last);
  free(session);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
