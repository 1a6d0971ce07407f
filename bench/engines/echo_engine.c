/*
 * The engine under test, in two builds of one source:
 *
 *   BENCH_ECHO=0  "answer": returns a short fixed text and never looks at the payload, so the time
 *                 of a call must not depend on the payload's size
 *   BENCH_ECHO=1  "echo":   mallocs a buffer, copies the payload into it and returns that
 *
 * Both allocate one node per call and free it in wrapperExecFree. There is no state, so any number
 * of callers may share one loaded copy.
 */
#include <stdlib.h>
#include <string.h>

#include "aiges/wrapper.h"

#ifndef BENCH_ECHO
#error "compile with -DBENCH_ECHO=0 or -DBENCH_ECHO=1"
#endif

static char answer_key[] = "answer";
#if !BENCH_ECHO
static char answer_text[] = "sixteen bytes ok";
#endif

int wrapperInit(pConfig cfg) {
  (void)cfg;
  return 0;
}

int wrapperFini(void) { return 0; }

const char* wrapperError(int errNum) { return errNum == 1 ? "out of memory" : "unknown error"; }

const char* wrapperVersion(void) { return "bench"; }

int wrapperExec(const char* usrTag, pParamList params, pDataList reqData, pDataList* respData,
                unsigned int psrIds[], int psrCnt) {
  (void)usrTag, (void)params, (void)reqData, (void)psrIds, (void)psrCnt;
  struct DataList* node = malloc(sizeof *node);
  if (node == NULL) return 1;
  node->key = answer_key;
#if BENCH_ECHO
  node->data = malloc(reqData->len);
  if (node->data == NULL) {
    free(node);
    return 1;
  }
  memcpy(node->data, reqData->data, reqData->len);
  node->len = reqData->len;
#else
  node->data = answer_text;
  node->len = sizeof answer_text - 1;
#endif
  node->type = DataPer;
  node->status = DataOnce;
  node->desc = NULL;
  node->next = NULL;
  *respData = node;
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (void)usrTag;
  if (respData == NULL || *respData == NULL) return 0;
#if BENCH_ECHO
  free((*respData)->data);
#endif
  free(*respData);
  *respData = NULL;
  return 0;
}
