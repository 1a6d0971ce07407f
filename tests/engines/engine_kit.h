/*
 * What the test engines share: counters that a test can read, list making, boilerplate.
 *
 * An engine is one translation unit, so this header defines things, exported test functions among
 * them. A test reaches those through ctypes on the library that the host has already loaded.
 * Everything here may be used from any thread; the counters cost one atomic addition.
 */
#ifndef AIGES_TESTS_ENGINE_KIT_H
#define AIGES_TESTS_ENGINE_KIT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "aiges/wrapper.h"

/* The parameter lists of wrapper.h, for engines that need only some of the parameters. */
#define KIT_UNUSED __attribute__((unused))
#define KIT_EXEC_ARGUMENTS                                                                   \
  KIT_UNUSED const char *usrTag, KIT_UNUSED pParamList params, KIT_UNUSED pDataList reqData, \
      KIT_UNUSED pDataList *respData, KIT_UNUSED unsigned int psrIds[], KIT_UNUSED int psrCnt
#define KIT_EXEC_ASYNC_ARGUMENTS                                                             \
  KIT_UNUSED const char *usrTag, KIT_UNUSED pParamList params, KIT_UNUSED pDataList reqData, \
      KIT_UNUSED wrapperCallback callback, KIT_UNUSED int timeout,                           \
      KIT_UNUSED unsigned int psrIds[], KIT_UNUSED int psrCnt
#define KIT_CREATE_ARGUMENTS                                                                  \
  KIT_UNUSED const char *usrTag, KIT_UNUSED pParamList params, KIT_UNUSED wrapperCallback cb, \
      KIT_UNUSED unsigned int psrIds[], KIT_UNUSED int psrCnt, KIT_UNUSED int *errNum

/* ---- counters ---------------------------------------------------------------------------- */

/*
 * Calls are counted under the name of the function without "wrapper". The others:
 *   live_lists, live_sessions, live_resources, live_threads   held by the engine right now
 *   waiting             calls that stand at the gate (engine_gate.h)
 *   inside, most_inside   calls in wrapperExec now, and the most there were at once
 *   overlaps            calls on one session that came while another one was in it
 *   after_fini          calls that came after wrapperFini and before another wrapperInit
 *   before_init         calls, but SetCtrl and Error, that came before wrapperInit
 *   null_lists          NULL where the ABI promises a list
 *   tag_mismatch        wrapperExecFree with another tag than the list's wrapperExec had
 *   callback_accepted, callback_refused   what the host's callback returned: 0, or anything else
 *   event_accepted, event_refused         the same of meter, trace and metrics
 */
/* clang-format off */
#define KIT_COUNTERS(X)                                                                      \
  X(init) X(fini) X(error) X(version) X(schema) X(set_ctrl) X(set_ctrl_late)                 \
  X(exec) X(exec_free) X(exec_async) X(create) X(write) X(read) X(destroy) X(debug_info)     \
  X(load_res) X(unload_res) X(cancel) X(cancelled) X(waiting) X(inside) X(most_inside)       \
  X(overlaps)                                                                                \
  X(live_lists) X(live_sessions) X(live_resources) X(live_threads)                           \
  X(after_fini) X(before_init) X(null_lists) X(tag_mismatch)                                 \
  X(callback) X(callback_accepted) X(callback_refused) X(event_accepted) X(event_refused)
/* clang-format on */

enum KitCounter {
#define KIT_AS_ENUM(name) KIT_##name,
  KIT_COUNTERS(KIT_AS_ENUM)
#undef KIT_AS_ENUM
      KIT_COUNTER_COUNT
};

static long kit_counts[KIT_COUNTER_COUNT];
static long kit_threads[KIT_COUNTER_COUNT]; /* kernel thread id of the last call of this name */
static int kit_state;                       /* 0 before wrapperInit, 1 initialised, 2 after Fini */
static const void* kit_input_address;
static const void* kit_output_address;

/* Tests wait for a counter under this mutex; who adds takes it only while somebody waits. */
static long kit_watchers;
static pthread_mutex_t kit_watch_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t kit_watch_changed = PTHREAD_COND_INITIALIZER;

static inline int kit_find_counter(const char* name) {
  static const char* const names[] = {
#define KIT_AS_TEXT(name) #name,
      KIT_COUNTERS(KIT_AS_TEXT)
#undef KIT_AS_TEXT
  };
  for (int i = 0; i < KIT_COUNTER_COUNT; ++i) {
    if (strcmp(names[i], name) == 0) return i;
  }
  return -1;
}

static inline long kit_get(int counter) {
  return __atomic_load_n(&kit_counts[counter], __ATOMIC_SEQ_CST);
}

static inline void kit_add(int counter, long amount) {
  __atomic_fetch_add(&kit_counts[counter], amount, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&kit_watchers, __ATOMIC_SEQ_CST) > 0) {
    pthread_mutex_lock(&kit_watch_mutex);
    pthread_cond_broadcast(&kit_watch_changed);
    pthread_mutex_unlock(&kit_watch_mutex);
  }
}

/* Raises a counter to value if it is below. */
static inline void kit_note_most(int counter, long value) {
  long seen = kit_get(counter);
  while (seen < value && !__atomic_compare_exchange_n(&kit_counts[counter], &seen, value, 0,
                                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
}

/* Counts a call of an engine function and notes the thread and the state it came in. */
static inline void kit_enter(int counter) {
  const int state = __atomic_load_n(&kit_state, __ATOMIC_SEQ_CST);
  if (counter == KIT_init) {
    __atomic_store_n(&kit_state, 1, __ATOMIC_SEQ_CST);
  } else if (counter == KIT_set_ctrl) {
    if (state == 1) kit_add(KIT_set_ctrl_late, 1);
  } else {
    if (state == 2) kit_add(KIT_after_fini, 1);
    if (state == 0 && counter != KIT_error) kit_add(KIT_before_init, 1);
    if (counter == KIT_fini) __atomic_store_n(&kit_state, 2, __ATOMIC_SEQ_CST);
  }
  __atomic_store_n(&kit_threads[counter], (long)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
  kit_add(counter, 1);
}

static inline void kit_deadline(struct timespec* out, long milliseconds) {
  clock_gettime(CLOCK_REALTIME, out);
  out->tv_sec += milliseconds / 1000;
  out->tv_nsec += (milliseconds % 1000) * 1000000L;
  if (out->tv_nsec >= 1000000000L) {
    out->tv_sec += 1;
    out->tv_nsec -= 1000000000L;
  }
}

static inline void kit_sleep(long milliseconds) {
  struct timespec left = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
  while (nanosleep(&left, &left) != 0) {
  }
}

#ifdef __cplusplus
extern "C" {
#endif

/* The value of a counter; -1 if there is no counter of that name. */
WrapperAPI long test_count(const char* name) {
  const int counter = kit_find_counter(name);
  return counter < 0 ? -1 : kit_get(counter);
}

/* The kernel's id of the thread that last called the function of that name; 0 if none did. */
WrapperAPI long test_thread_of(const char* name) {
  const int counter = kit_find_counter(name);
  return counter < 0 ? -1 : __atomic_load_n(&kit_threads[counter], __ATOMIC_SEQ_CST);
}

/* Waits until the counter is between least and most; returns 1, or 0 when the time is over. */
WrapperAPI int test_wait_for(const char* name, long least, long most, long milliseconds) {
  const int counter = kit_find_counter(name);
  if (counter < 0) return 0;
  struct timespec deadline;
  kit_deadline(&deadline, milliseconds);
  __atomic_fetch_add(&kit_watchers, 1, __ATOMIC_SEQ_CST);
  pthread_mutex_lock(&kit_watch_mutex);
  int timed_out = 0;
  int reached = 0;
  while (!(reached = kit_get(counter) >= least && kit_get(counter) <= most) && timed_out == 0) {
    timed_out = pthread_cond_timedwait(&kit_watch_changed, &kit_watch_mutex, &deadline);
  }
  pthread_mutex_unlock(&kit_watch_mutex);
  __atomic_fetch_add(&kit_watchers, -1, __ATOMIC_SEQ_CST);
  return reached;
}

/* The data address of the first input node of the last request, and of the last output made. */
WrapperAPI const void* test_last_input_address(void) {
  return __atomic_load_n(&kit_input_address, __ATOMIC_SEQ_CST);
}

WrapperAPI const void* test_last_output_address(void) {
  return __atomic_load_n(&kit_output_address, __ATOMIC_SEQ_CST);
}

/* Everything as it was before the first call; only for a closed engine that holds nothing. */
WrapperAPI void test_reset(void) {
  for (int i = 0; i < KIT_COUNTER_COUNT; ++i) {
    __atomic_store_n(&kit_counts[i], 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&kit_threads[i], 0, __ATOMIC_SEQ_CST);
  }
  __atomic_store_n(&kit_state, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&kit_input_address, (const void*)NULL, __ATOMIC_SEQ_CST);
  __atomic_store_n(&kit_output_address, (const void*)NULL, __ATOMIC_SEQ_CST);
}

#ifdef __cplusplus
}
#endif

/* ---- parameters and lists ---------------------------------------------------------------- */

/* The value of a key, or NULL. */
static inline const char* kit_param(pParamList params, const char* key) {
  for (; params != NULL; params = params->next) {
    if (params->key != NULL && strcmp(params->key, key) == 0) return params->value;
  }
  return NULL;
}

static inline long kit_number(pParamList params, const char* key, long otherwise) {
  const char* text = kit_param(params, key);
  return text == NULL ? otherwise : atol(text);
}

static inline int kit_param_is(pParamList params, const char* key, const char* value) {
  const char* text = kit_param(params, key);
  return text != NULL && strcmp(text, value) == 0;
}

/* Notes the input's address and whether the host kept its promise of never giving a NULL list. */
static inline void kit_see_input(pParamList params, pDataList input) {
  if (params == NULL || input == NULL) {
    kit_add(KIT_null_lists, 1);
    return;
  }
  __atomic_store_n(&kit_input_address, (const void*)input->data, __ATOMIC_SEQ_CST);
  for (pDataList node = input; node != NULL; node = node->next) {
    if (node->key != NULL && node->desc == NULL) kit_add(KIT_null_lists, 1);
  }
}

/* The engine's nodes carry the tag of the request they answer, in the head of the list. */
typedef struct KitNode {
  struct DataList node; /* first, so that both pointers are the same */
  char* tag;
} KitNode;

static inline char* kit_copy_text(const char* text) {
  if (text == NULL) return NULL;
  const size_t size = strlen(text) + 1;
  return (char*)memcpy(malloc(size), text, size);
}

/* A node with its own copy of the bytes; without a desc. */
static inline pDataList kit_node(const char* key, const void* data, size_t len, DataType type,
                                 DataStatus status) {
  KitNode* made = (KitNode*)calloc(1, sizeof(KitNode));
  made->node.key = kit_copy_text(key);
  made->node.data = malloc(len == 0 ? 1 : len);
  if (len != 0) memcpy(made->node.data, data, len);
  made->node.len = (unsigned int)len;
  made->node.type = type;
  made->node.status = status;
  return &made->node;
}

static inline pDataList kit_text(const char* key, const char* text) {
  return kit_node(key, text, strlen(text), DataText, DataOnce);
}

static inline void kit_append(pDataList* list, pDataList node) {
  while (*list != NULL) list = &(*list)->next;
  *list = node;
}

static inline pDescList kit_copy_desc(pDescList desc) {
  pDescList first = NULL;
  pDescList* end = &first;
  for (; desc != NULL; desc = desc->next) {
    pDescList copy = (pDescList)calloc(1, sizeof(*copy));
    copy->key = kit_copy_text(desc->key);
    copy->vlen = desc->vlen;
    if (desc->value != NULL) {
      copy->value = (char*)malloc((size_t)desc->vlen + 1);
      memcpy(copy->value, desc->value, (size_t)desc->vlen + 1); /* with its NUL */
    }
    *end = copy;
    end = &copy->next;
  }
  return first;
}

/* A deep copy of the nodes that have a key. */
static inline pDataList kit_copy_list(pDataList list) {
  pDataList first = NULL;
  pDataList* end = &first;
  for (; list != NULL; list = list->next) {
    if (list->key == NULL) continue;
    *end = kit_node(list->key, list->data, list->len, list->type, list->status);
    (*end)->desc = kit_copy_desc(list->desc);
    end = &(*end)->next;
  }
  return first;
}

/* Frees a list made here. The bytes are overwritten first: who reads them later will notice. */
static inline void kit_free_list(pDataList list) {
  while (list != NULL) {
    pDataList next = list->next;
    pDescList desc = list->desc;
    while (desc != NULL) {
      pDescList after = desc->next;
      free(desc->key);
      free(desc->value);
      free(desc);
      desc = after;
    }
    if (list->data != NULL) memset(list->data, 0xDD, list->len);
    free(list->data);
    free(list->key);
    free(((KitNode*)list)->tag);
    free(list);
    list = next;
  }
}

/* Counts what a host function for events answered. */
static inline int kit_event(int answer) {
  kit_add(answer == 0 ? KIT_event_accepted : KIT_event_refused, 1);
  return answer;
}

/* Hands a list made here to the host as the output of the request usrTag. */
static inline void kit_give(const char* usrTag, pDataList* respData, pDataList list) {
  if (list != NULL) {
    ((KitNode*)list)->tag = kit_copy_text(usrTag);
    __atomic_store_n(&kit_output_address, (const void*)list->data, __ATOMIC_SEQ_CST);
  }
  kit_add(KIT_live_lists, 1);
  *respData = list;
}

/* The body of wrapperExecFree for lists that kit_give handed out. */
static inline void kit_take_back(const char* usrTag, pDataList* respData) {
  if (respData != NULL && *respData != NULL) {
    const char* tag = ((KitNode*)*respData)->tag;
    if (usrTag == NULL || tag == NULL || strcmp(tag, usrTag) != 0) kit_add(KIT_tag_mismatch, 1);
    kit_free_list(*respData);
    *respData = NULL;
  }
  kit_add(KIT_live_lists, -1);
  kit_enter(KIT_exec_free); /* last: who waits for this count finds the others done */
}

/* ---- boilerplate ------------------------------------------------------------------------- */

/* wrapperInit and wrapperFini that only count. */
#define KIT_LIFECYCLE()          \
  int wrapperInit(pConfig cfg) { \
    (void)cfg;                   \
    kit_enter(KIT_init);         \
    return 0;                    \
  }                              \
  int wrapperFini(void) {        \
    kit_enter(KIT_fini);         \
    return 0;                    \
  }

/* wrapperError with one text for every number. */
#define KIT_ERROR(text)                  \
  const char* wrapperError(int errNum) { \
    (void)errNum;                        \
    kit_enter(KIT_error);                \
    return text;                         \
  }

/* wrapperExecFree for lists that kit_give handed out. */
#define KIT_EXEC_FREE()                                          \
  int wrapperExecFree(const char* usrTag, pDataList* respData) { \
    kit_take_back(usrTag, respData);                             \
    return 0;                                                    \
  }

#endif /* AIGES_TESTS_ENGINE_KIT_H */
