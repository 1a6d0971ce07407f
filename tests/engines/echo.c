/*
 * Echoes every input node: same key, bytes, type, status and desc. Has every mode and every
 * optional function. What a request may ask for by parameters, in every mode:
 *
 *   want=params|tag|resources|config|timeout   one more text node of that key, in the final result
 *   fail=N, fail_create=N, fail_write=N, fail_read=N   that function answers with error N
 *   meter=N, trace=TEXT, metrics=TEXT   raises an event with the key "echo" while at work
 */
#include "engine_async.h"

#include "aiges/wrapper_ext.h"

/* ---- host functions, configuration, texts --------------------------------------------------- */

static wrapperMeterCustom meter;
static wrapperTraceLog trace;
static wrapperMetricsLog metrics;
static char config_text[4096];

int wrapperSetCtrl(CtrlType type, void* func) {
  kit_enter(KIT_set_ctrl);
  if (type == CTMeterCustom) memcpy(&meter, &func, sizeof(func));
  if (type == CTTraceLog) memcpy(&trace, &func, sizeof(func));
  if (type == CTMetricsLog) memcpy(&metrics, &func, sizeof(func));
  return 0;
}

/* One line "key=value/vlen" for each pair. */
static void print_pairs(char* out, size_t size, pParamList pairs) {
  size_t used = 0;
  out[0] = '\0';
  for (; pairs != NULL && used < size; pairs = pairs->next) {
    if (pairs->key == NULL) continue;
    used += (size_t)snprintf(out + used, size - used, "%s=%s/%u\n", pairs->key, pairs->value,
                             pairs->vlen);
  }
}

int wrapperInit(pConfig cfg) {
  kit_enter(KIT_init);
  if (cfg == NULL) kit_add(KIT_null_lists, 1);
  print_pairs(config_text, sizeof(config_text), cfg);
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  kit_join_all();
  return 0;
}

const char* wrapperError(int errNum) {
  kit_enter(KIT_error);
  switch (errNum) {
    case 0:
      return "echo: no error";
    case 21:
      return "echo: asked to fail";
    default:
      return "echo: an error of another number";
  }
}

const char* wrapperVersion(void) {
  kit_enter(KIT_version);
  return "echo 1.2.3";
}

int wrapperAbiVersion(void) { return AIGES_WRAPPER_EXT_VERSION; }

const char* wrapperSchema(void) {
  kit_enter(KIT_schema);
  return "{\"title\": \"echo \xc3\xa9\"}";
}

/* ---- what every mode does with a request ---------------------------------------------------- */

static void print_resources(char* out, size_t size, const unsigned int* ids, int count) {
  size_t used = 0;
  out[0] = '\0';
  for (int i = 0; i < count && used < size; ++i) {
    used += (size_t)snprintf(out + used, size - used, "%s%u", i == 0 ? "" : ",", ids[i]);
  }
}

/* The extra node a request wants, or NULL. */
static pDataList wanted(const char* tag, pParamList params, const unsigned int* ids, int count,
                        int timeout) {
  char text[4096] = "";
  const char* want = kit_param(params, "want");
  if (want == NULL) return NULL;
  if (strcmp(want, "params") == 0) {
    print_pairs(text, sizeof(text), params);
  } else if (strcmp(want, "tag") == 0) {
    snprintf(text, sizeof(text), "%s", tag);
  } else if (strcmp(want, "resources") == 0) {
    print_resources(text, sizeof(text), ids, count);
  } else if (strcmp(want, "config") == 0) {
    snprintf(text, sizeof(text), "%s", config_text);
  } else if (strcmp(want, "timeout") == 0) {
    snprintf(text, sizeof(text), "%d", timeout);
  }
  return kit_text(want, text);
}

static void raise_events(const char* tag, pParamList params) {
  const char* count = kit_param(params, "meter");
  const char* note = kit_param(params, "trace");
  const char* figure = kit_param(params, "metrics");
  if (count != NULL && meter != NULL) kit_event(meter(tag, "echo", atoi(count)));
  if (note != NULL && trace != NULL) kit_event(trace(tag, "echo", note));
  if (figure != NULL && metrics != NULL) kit_event(metrics(tag, "echo", figure));
}

int wrapperExec(const char* usrTag, pParamList params, pDataList reqData, pDataList* respData,
                unsigned int psrIds[], int psrCnt) {
  kit_enter(KIT_exec);
  kit_see_input(params, reqData);
  raise_events(usrTag, params);
  const int failure = (int)kit_number(params, "fail", 0);
  if (failure != 0) return failure;
  pDataList answer = kit_copy_list(reqData);
  kit_append(&answer, wanted(usrTag, params, psrIds, psrCnt, 0));
  if (answer == NULL) answer = kit_text("nothing", "");
  kit_give(usrTag, respData, answer);
  return 0;
}

KIT_EXEC_FREE()

/* ---- once async: a thread for each request --------------------------------------------------- */

static void answer_request(void* argument) {
  KitRequest* request = (KitRequest*)argument;
  kit_call_back(request->callback, request->tag, request->answer, 0);
  kit_request_free(request);
}

int wrapperExecAsync(const char* usrTag, pParamList params, pDataList reqData,
                     wrapperCallback callback, int timeout, unsigned int psrIds[], int psrCnt) {
  kit_enter(KIT_exec_async);
  kit_see_input(params, reqData);
  raise_events(usrTag, params);
  const int failure = (int)kit_number(params, "fail", 0);
  if (failure != 0) return failure;
  KitRequest* request = kit_request(usrTag, callback, reqData);
  kit_append(&request->answer, wanted(usrTag, params, psrIds, psrCnt, timeout));
  if (request->answer == NULL) request->answer = kit_text("nothing", "");
  kit_spawn(answer_request, request);
  return 0;
}

/* ---- streams: one result for each write; a thread of the session delivers those of a callback -
 */

typedef struct Result {
  pDataList list;
  struct Result* next;
} Result;

typedef struct Session {
  const char* tag;
  wrapperCallback callback; /* NULL: results are read */
  int fail_write, fail_read;
  long writes;
  char debug[128];
  char sid[64];
  pDataList wanted; /* goes with the final result */
  pDataList last_read;
  pthread_t deliverer;
  pthread_mutex_t mutex; /* guards what follows */
  pthread_cond_t changed;
  Result* results;
  int closing;
} Session;

static void* deliver(void* argument) {
  Session* session = (Session*)argument;
  pthread_mutex_lock(&session->mutex);
  for (;;) {
    while (session->results == NULL && !session->closing) {
      pthread_cond_wait(&session->changed, &session->mutex);
    }
    if (session->closing) break;
    Result* result = session->results;
    session->results = result->next;
    pthread_mutex_unlock(&session->mutex); /* the host may call back into the engine */
    kit_call_back(session->callback, session->tag, result->list, 0);
    kit_free_list(result->list);
    free(result);
    pthread_mutex_lock(&session->mutex);
  }
  pthread_mutex_unlock(&session->mutex);
  return NULL;
}

const void* wrapperCreate(const char* usrTag, pParamList params, wrapperCallback cb,
                          unsigned int psrIds[], int psrCnt, int* errNum) {
  kit_enter(KIT_create);
  if (params == NULL) kit_add(KIT_null_lists, 1);
  *errNum = (int)kit_number(params, "fail_create", 0);
  if (*errNum != 0) return NULL;
  Session* session = (Session*)calloc(1, sizeof(Session));
  session->tag = usrTag;
  session->callback = cb;
  session->fail_write = (int)kit_number(params, "fail_write", 0);
  session->fail_read = (int)kit_number(params, "fail_read", 0);
  session->wanted = wanted(usrTag, params, psrIds, psrCnt, 0);
  snprintf(session->sid, sizeof(session->sid), "%s", kit_param(params, "sid"));
  pthread_mutex_init(&session->mutex, NULL);
  pthread_cond_init(&session->changed, NULL);
  raise_events(usrTag, params);
  if (cb != NULL && pthread_create(&session->deliverer, NULL, deliver, session) != 0) abort();
  kit_add(KIT_live_sessions, 1);
  return session;
}

static int is_final(pDataList list) {
  for (; list != NULL; list = list->next) {
    if (list->status == DataEnd || list->status == DataOnce) return 1;
  }
  return 0;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  Session* session = (Session*)handle;
  kit_enter(KIT_write);
  kit_see_input((pParamList)session, reqData); /* no params here: anything but NULL */
  if (session->fail_write != 0) return session->fail_write;
  Result* result = (Result*)calloc(1, sizeof(Result));
  result->list = kit_copy_list(reqData);
  pthread_mutex_lock(&session->mutex);
  ++session->writes;
  if (is_final(result->list)) {
    if (session->wanted != NULL) session->wanted->status = DataEnd;
    kit_append(&result->list, session->wanted);
    session->wanted = NULL;
  }
  Result** end = &session->results;
  while (*end != NULL) end = &(*end)->next;
  *end = result;
  pthread_cond_signal(&session->changed);
  pthread_mutex_unlock(&session->mutex);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  Session* session = (Session*)handle;
  kit_enter(KIT_read);
  if (session->fail_read != 0) return session->fail_read;
  kit_free_list(session->last_read); /* as the ABI allows: nobody may read it any more */
  session->last_read = NULL;
  pthread_mutex_lock(&session->mutex);
  Result* result = session->results;
  if (result != NULL) session->results = result->next;
  pthread_mutex_unlock(&session->mutex);
  if (result != NULL) session->last_read = result->list;
  *respData = session->last_read;
  free(result);
  return 0;
}

const char* wrapperDebugInfo(const void* handle) {
  Session* session = (Session*)handle;
  kit_enter(KIT_debug_info);
  pthread_mutex_lock(&session->mutex);
  snprintf(session->debug, sizeof(session->debug), "session %s: %ld writes", session->sid,
           session->writes);
  pthread_mutex_unlock(&session->mutex);
  return session->debug;
}

int wrapperDestroy(const void* handle) {
  Session* session = (Session*)handle;
  kit_enter(KIT_destroy);
  if (session->callback != NULL) {
    pthread_mutex_lock(&session->mutex);
    session->closing = 1;
    pthread_cond_signal(&session->changed);
    pthread_mutex_unlock(&session->mutex);
    pthread_join(session->deliverer, NULL);
  }
  while (session->results != NULL) {
    Result* result = session->results;
    session->results = result->next;
    kit_free_list(result->list);
    free(result);
  }
  kit_free_list(session->last_read);
  kit_free_list(session->wanted);
  pthread_cond_destroy(&session->changed);
  pthread_mutex_destroy(&session->mutex);
  free(session);
  kit_add(KIT_live_sessions, -1);
  return 0;
}

/* ---- resources --------------------------------------------------------------------------------
 */

int wrapperLoadRes(pDataList perData, unsigned int resId) {
  kit_enter(KIT_load_res);
  if (perData == NULL || perData->desc == NULL) kit_add(KIT_null_lists, 1);
  if (resId == 0) return 30;
  kit_add(KIT_live_resources, 1);
  return 0;
}

int wrapperUnloadRes(unsigned int resId) {
  (void)resId;
  kit_enter(KIT_unload_res);
  kit_add(KIT_live_resources, -1);
  return 0;
}
