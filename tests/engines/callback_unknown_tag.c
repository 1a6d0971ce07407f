/* Calls back with a tag nobody gave, with an empty one and with NULL; then with the right one. */
#include "engine_async.h"

KIT_ASYNC_LIFECYCLE()
KIT_ERROR("callback_unknown_tag: failed")

static void answer(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  kit_call_back(request->callback, "no such tag", request->answer, 0);
  kit_call_back(request->callback, "", request->answer, 0);
  kit_call_back(request->callback, NULL, request->answer, 0);
  kit_call_back(request->callback, request->tag, request->answer, 0);
  kit_request_free(request);
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  kit_spawn(answer, kit_request(usrTag, callback, reqData));
  return 0;
}
