/* Calls back twice for each request, one after the other, the second time with another text. */
#include "engine_async.h"

KIT_ASYNC_LIFECYCLE()
KIT_ERROR("double_callback: failed")

static void answer(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  pDataList second = kit_text("second", "not wanted");
  kit_call_back(request->callback, request->tag_copy, request->answer, 0);
  kit_call_back(request->callback, request->tag_copy, second, 0);
  kit_free_list(second);
  kit_request_free(request);
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  kit_spawn(answer, kit_request(usrTag, callback, reqData));
  return 0;
}
