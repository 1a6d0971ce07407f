/*
 * A session that goes on calling back after its final result: each write answers with the echo
 * and then with one more text, which the host refuses when the echo was final.
 */
#include "engine_async.h"

typedef struct Session {
  const char* tag;
  wrapperCallback callback;
} Session;

KIT_LIFECYCLE()
KIT_ERROR("callback_after_final: failed")

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
  pDataList echo = kit_copy_list(reqData);
  pDataList more = kit_text("more", "and another thing");
  more->status = DataContinue;
  kit_call_back(session->callback, session->tag, echo, 0);
  kit_call_back(session->callback, session->tag, more, 0);
  kit_free_list(more);
  kit_free_list(echo);
  return 0;
}

int wrapperDestroy(const void* handle) {
  kit_enter(KIT_destroy);
  free((void*)handle);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
