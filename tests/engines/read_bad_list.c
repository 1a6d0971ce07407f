/* wrapperRead gives an invalid list: param case=null_key|null_data|cyclic. */
#include "engine_kit.h"

typedef struct Session {
  pDataList list;
} Session;

KIT_LIFECYCLE()
KIT_ERROR("read_bad_list: failed")

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  Session* session = (Session*)calloc(1, sizeof(Session));
  session->list = (pDataList)calloc(1, sizeof(struct DataList));
  session->list->status = DataOnce;
  session->list->len = 5;
  static char key[] = "key", data[] = "data!";
  if (!kit_param_is(params, "case", "null_key")) session->list->key = key;
  if (!kit_param_is(params, "case", "null_data")) session->list->data = data;
  if (kit_param_is(params, "case", "cyclic")) session->list->next = session->list;
  kit_add(KIT_live_sessions, 1);
  return session;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  (void)handle;
  (void)reqData;
  kit_enter(KIT_write);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  kit_enter(KIT_read);
  *respData = ((const Session*)handle)->list;
  return 0;
}

int wrapperDestroy(const void* handle) {
  Session* session = (Session*)handle;
  kit_enter(KIT_destroy);
  free(session->list);
  free(session);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
