/*
 * Keeps personal resources. A resource whose bytes are "refuse" is not loaded (error 51), one whose
 * bytes are "stay" is not unloaded (error 52). A request, or the first result of a session, answers
 * with a node for each resource it names: its key, bytes and desc; error 53 for an id not loaded.
 */
#include "engine_kit.h"

enum { kMost = 64 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pDataList loaded[kMost]; /* by id */

KIT_EXEC_FREE()

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  for (int id = 0; id < kMost; ++id) { /* those that would not be unloaded */
    kit_free_list(loaded[id]);
    loaded[id] = NULL;
  }
  return 0;
}

const char* wrapperError(int errNum) {
  kit_enter(KIT_error);
  switch (errNum) {
    case 51:
      return "resources: refused";
    case 52:
      return "resources: in use for ever";
    case 53:
      return "resources: not loaded";
    default:
      return "resources: failed";
  }
}

static int is(pDataList node, const char* text) {
  return node->len == strlen(text) && memcmp(node->data, text, node->len) == 0;
}

int wrapperLoadRes(pDataList perData, unsigned int resId) {
  kit_enter(KIT_load_res);
  if (perData == NULL || perData->desc == NULL) kit_add(KIT_null_lists, 1);
  if (is(perData, "refuse") || resId == 0 || resId >= kMost || loaded[resId] != NULL) return 51;
  pDataList copy = kit_node(perData->key == NULL ? "(no key)" : perData->key, perData->data,
                            perData->len, perData->type, DataOnce);
  copy->desc = kit_copy_desc(perData->desc);
  pthread_mutex_lock(&mutex);
  loaded[resId] = copy;
  pthread_mutex_unlock(&mutex);
  kit_add(KIT_live_resources, 1);
  return 0;
}

int wrapperUnloadRes(unsigned int resId) {
  kit_enter(KIT_unload_res);
  if (resId == 0 || resId >= kMost || loaded[resId] == NULL) return 53;
  if (is(loaded[resId], "stay")) return 52;
  pthread_mutex_lock(&mutex);
  kit_free_list(loaded[resId]);
  loaded[resId] = NULL;
  pthread_mutex_unlock(&mutex);
  kit_add(KIT_live_resources, -1);
  return 0;
}

/* The answer to a request that names these ids: 0 and a list, or an error number. */
static int look_up(const unsigned int* ids, int count, pDataList* answer) {
  char text[32];
  snprintf(text, sizeof(text), "%d", count);
  *answer = kit_text("count", text);
  pthread_mutex_lock(&mutex);
  int result = 0;
  for (int i = 0; i < count && result == 0; ++i) {
    if (ids[i] >= kMost || loaded[ids[i]] == NULL) {
      result = 53;
    } else {
      kit_append(answer, kit_copy_list(loaded[ids[i]]));
    }
  }
  pthread_mutex_unlock(&mutex);
  if (result != 0) kit_free_list(*answer);
  return result;
}

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList answer = NULL;
  const int result = look_up(psrIds, psrCnt, &answer);
  if (result == 0) kit_give(usrTag, respData, answer);
  return result;
}

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  pDataList answer = NULL;
  *errNum = look_up(psrIds, psrCnt, &answer);
  if (*errNum == 0) kit_add(KIT_live_sessions, 1);
  return *errNum == 0 ? answer : NULL;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  (void)handle;
  (void)reqData;
  kit_enter(KIT_write);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  kit_enter(KIT_read);
  *respData = (pDataList)handle;
  return 0;
}

int wrapperDestroy(const void* handle) {
  kit_enter(KIT_destroy);
  kit_free_list((pDataList)handle);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
