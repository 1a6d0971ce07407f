/*
 * Counts calls on one handle that overlap ("overlaps"), and answers each write with its number.
 * A write holds the handle for a moment, so that overlapping calls meet.
 */
#include "engine_kit.h"

typedef struct Session {
  int inside;
  long writes, delivered;
  pDataList last;
} Session;

KIT_LIFECYCLE()
KIT_ERROR("session_order: failed")

static void arrive(Session* session) {
  if (__atomic_exchange_n(&session->inside, 1, __ATOMIC_SEQ_CST) != 0) kit_add(KIT_overlaps, 1);
}

static void leave(Session* session) { __atomic_store_n(&session->inside, 0, __ATOMIC_SEQ_CST); }

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  kit_add(KIT_live_sessions, 1);
  return calloc(1, sizeof(Session));
}

int wrapperWrite(const void* handle, pDataList reqData) {
  Session* session = (Session*)handle;
  (void)reqData;
  arrive(session);
  kit_enter(KIT_write);
  kit_sleep(1);
  ++session->writes;
  leave(session);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  Session* session = (Session*)handle;
  arrive(session);
  kit_enter(KIT_read);
  kit_free_list(session->last);
  session->last = NULL;
  if (session->delivered < session->writes) {
    char text[32];
    snprintf(text, sizeof(text), "%ld", ++session->delivered);
    session->last = kit_text("number", text);
    session->last->status = DataContinue;
  }
  *respData = session->last;
  leave(session);
  return 0;
}

const char* wrapperDebugInfo(const void* handle) {
  Session* session = (Session*)handle;
  arrive(session);
  kit_enter(KIT_debug_info);
  leave(session);
  return "session_order";
}

int wrapperDestroy(const void* handle) {
  Session* session = (Session*)handle;
  arrive(session);
  kit_enter(KIT_destroy);
  kit_free_list(session->last);
  free(session);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
