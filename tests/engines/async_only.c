/* ExecAsync and nothing else to work with. Echoes from a thread of its own. */
#include "engine_async.h"

KIT_ASYNC_LIFECYCLE()
KIT_ERROR("async_only: failed")

static void answer(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  kit_call_back(request->callback, request->tag, request->answer, 0);
  kit_request_free(request);
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  kit_see_input(params, reqData);
  const int failure = (int)kit_number(params, "fail", 0);
  if (failure != 0) return failure;
  kit_spawn(answer, kit_request(usrTag, callback, reqData));
  return 0;
}
