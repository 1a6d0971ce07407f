/*
 * A session whose write starts a thread that calls back when test_release lets it, which a test
 * does after wrapperDestroy; with a copy of the tag, as the host's own is gone by then.
 */
#include "engine_async.h"
#include "engine_gate.h"

typedef struct Session {
  const char* tag;
  wrapperCallback callback;
} Session;

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  test_release(-1);
  kit_join_all();
  test_release(0);
  return 0;
}

KIT_ERROR("callback_after_destroy: failed")

static void answer(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  kit_gate(request->tag_copy);
  kit_call_back(request->callback, request->tag_copy, request->answer, 0);
  kit_request_free(request);
}

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  Session* session = (Session*)malloc(sizeof(Session));
  session->tag = usrTag;
  session->callback = cb;
  kit_add(KIT_live_sessions, 1);
  return session;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  const Session* session = (const Session*)handle;
  kit_enter(KIT_write);
  kit_spawn(answer, kit_request(session->tag, session->callback, reqData));
  return 0;
}

int wrapperDestroy(const void* handle) {
  kit_enter(KIT_destroy);
  free((void*)handle);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
