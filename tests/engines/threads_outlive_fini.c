/*
 * A thread for each ExecAsync answers at once and then stays at the gate, also after wrapperFini;
 * when test_release lets it go it calls back once more, and meters.
 */
#include "engine_async.h"
#include "engine_gate.h"

static wrapperMeterCustom meter;

KIT_LIFECYCLE()
KIT_ERROR("threads_outlive_fini: failed")

int wrapperSetCtrl(CtrlType type, void* func) {
  kit_enter(KIT_set_ctrl);
  if (type == CTMeterCustom) memcpy(&meter, &func, sizeof(func));
  return 0;
}

static void answer(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  kit_call_back(request->callback, request->tag_copy, request->answer, 0);
  kit_gate(request->tag_copy);
  kit_call_back(request->callback, request->tag_copy, request->answer, 0);
  kit_event(meter(request->tag_copy, "afterlife", 1));
  kit_request_free(request);
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  kit_spawn(answer, kit_request(usrTag, callback, reqData));
  return 0;
}
