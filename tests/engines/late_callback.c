/*
 * Calls back when test_release lets it, so as late as a test likes, with the host's own tag
 * pointer (config tag=copy: with an equal copy). At wrapperFini every request is answered.
 */
#include "engine_async.h"
#include "engine_gate.h"

static int copies_tag;

int wrapperInit(pConfig cfg) {
  kit_enter(KIT_init);
  copies_tag = kit_param_is(cfg, "tag", "copy");
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  test_release(-1);
  kit_join_all();
  test_release(0);
  return 0;
}

KIT_ERROR("late_callback: failed")

static void answer(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  kit_gate(request->tag_copy);
  kit_call_back(request->callback, copies_tag ? request->tag_copy : request->tag, request->answer,
                0);
  kit_request_free(request);
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  kit_spawn(answer, kit_request(usrTag, callback, reqData));
  return 0;
}
