/*
 * Compiled without our headers, as an engine made for AIGES is: its own structs and enums, and the
 * callback's first argument typed const char*. Answers with what it understood of the request.
 */
#define _GNU_SOURCE /* strdup */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { text_data = 0, audio_data, image_data, video_data, per_data } data_type;
typedef enum { begin_data = 0, continue_data, end_data, once_data } data_status;

typedef struct pair {
  char* key;
  char* value;
  unsigned int vlen;
  struct pair* next;
} pair;

typedef struct data_node {
  char* key;
  void* data;
  unsigned int len;
  data_type type;
  data_status status;
  pair* desc;
  struct data_node* next;
} data_node;

typedef int (*result_callback)(const char* tag, data_node* data, int ret);

static data_node* describe(pair* params, data_node* request) {
  char* text = (char*)malloc(4096);
  int used = 0;
  for (pair* p = params; p != NULL && used < 4000; p = p->next) {
    if (p->key == NULL || strcmp(p->key, "sid") == 0) continue;
    used +=
        snprintf(text + used, 4096 - (size_t)used, "param %s=%s/%u\n", p->key, p->value, p->vlen);
  }
  for (data_node* n = request; n != NULL && used < 4000; n = n->next) {
    if (n->key == NULL) continue;
    used += snprintf(text + used, 4096 - (size_t)used, "data %s %u bytes type %d status %d\n",
                     n->key, n->len, (int)n->type, (int)n->status);
    for (pair* d = n->desc; d != NULL && used < 4000; d = d->next) {
      if (d->key == NULL) continue;
      used +=
          snprintf(text + used, 4096 - (size_t)used, "desc %s=%s/%u\n", d->key, d->value, d->vlen);
    }
  }
  data_node* node = (data_node*)calloc(1, sizeof(data_node));
  node->key = strdup("result");
  node->data = text;
  node->len = (unsigned int)used;
  node->type = text_data;
  node->status = once_data;
  return node;
}

static void discard(data_node* node) {
  free(node->key);
  free(node->data);
  free(node);
}

int wrapperInit(pair* cfg) { return cfg == NULL ? 1 : 0; }

int wrapperFini(void) { return 0; }

const char* wrapperError(int number) { return number == 0 ? "" : "own_headers: failed"; }

int wrapperExec(const char* tag, pair* params, data_node* request, data_node** response,
                unsigned int* ids, int count) {
  (void)tag;
  (void)ids;
  if (count < 0) return 3;
  *response = describe(params, request);
  return 0;
}

int wrapperExecFree(const char* tag, data_node** response) {
  (void)tag;
  discard(*response);
  return 0;
}

int wrapperExecAsync(const char* tag, pair* params, data_node* request, result_callback callback,
                     int timeout, unsigned int* ids, int count) {
  (void)timeout;
  (void)ids;
  (void)count;
  data_node* node = describe(params, request);
  callback(tag, node, 0);
  discard(node);
  return 0;
}
