/*
 * The engine's life (Init, Fini), its texts, and the synchronous way of asking it (Exec).
 *
 * The state is global, as the ABI has it, and set in wrapperInit alone; between Init and Fini it is
 * only read, so that any number of threads may call wrapperExec at once.
 */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aiges/wrapper_ext.h>

#include "engine.h"

static struct {
  struct network* network; /* NULL: not initialised */
  uint64_t max_pixels;
  wrapperMeterCustom meter; /* the host's, from wrapperSetCtrl, or NULL */
  wrapperTraceLog trace;
} engine;

/* ---- configuration and parameters ---- */

static const char* value_of(const struct ParamList* list, const char* key) {
  for (; list != NULL; list = list->next) {
    if (list->key != NULL && strcmp(list->key, key) == 0) return list->value;
  }
  return NULL;
}

/* Reads decimal digits alone: no sign, no space. 0 on success. */
static int read_number(const char* text, long low, long high, long* out) {
  size_t length = strspn(text, "0123456789");
  if (length == 0 || length > 9 || text[length] != '\0') return -1;
  long number = strtol(text, NULL, 10);
  if (number < low || number > high) return -1;
  *out = number;
  return 0;
}

/* The weights file that the build puts beside the library. */
static int default_model(char path[PATH_MAX]) {
  Dl_info info;
  if (dladdr(&engine, &info) == 0 || info.dli_fname == NULL) return ERR_MODEL_NOT_FOUND;
  const char* slash = strrchr(info.dli_fname, '/');
  int folder = slash == NULL ? 0 : (int)(slash - info.dli_fname) + 1;
  int length = snprintf(path, PATH_MAX, "%.*sdigits.bin", folder, info.dli_fname);
  return length < PATH_MAX ? 0 : ERR_MODEL_NOT_FOUND;
}

/* ---- life ---- */

int wrapperSetCtrl(CtrlType type, void* func) {
  switch (type) {
    case CTMeterCustom:
      engine.meter = (wrapperMeterCustom)func;
      return 0;
    case CTTraceLog:
      engine.trace = (wrapperTraceLog)func;
      return 0;
    default:
      return -1; /* not wanted */
  }
}

int wrapperInit(pConfig cfg) {
  if (engine.network != NULL) return ERR_ALREADY_READY;
  long max_pixels = DEFAULT_MAX_PIXELS;
  const char* limit = value_of(cfg, "max_pixels");
  if (limit != NULL && *limit != '\0' && read_number(limit, 1, MOST_PIXELS, &max_pixels) != 0) {
    return ERR_BAD_CONFIG;
  }
  char beside[PATH_MAX];
  const char* model = value_of(cfg, "model");
  if (model == NULL || *model == '\0') {
    int error = default_model(beside);
    if (error != 0) return error;
    model = beside;
  }
  engine.max_pixels = (uint64_t)max_pixels;
  return network_load(model, &engine.network);
}

int wrapperFini(void) {
  async_stop();
  network_free(engine.network);
  engine.network = NULL;
  return 0;
}

/* ---- texts ---- */

const char* wrapperVersion(void) { return "1.0.0"; }

int wrapperAbiVersion(void) { return AIGES_WRAPPER_EXT_VERSION; }

const char* wrapperSchema(void) {
  return "{\"service\": \"digits\", \"version\": \"1.0.0\", "
         "\"inputs\": [{\"key\": \"img\", \"type\": \"image\", \"formats\": [\"png\", \"jpeg\"]}], "
         "\"params\": [{\"key\": \"top\", \"type\": \"integer\", \"minimum\": 0, "
         "\"maximum\": 10, \"default\": 0}], "
         "\"outputs\": [{\"key\": \"result\", \"type\": \"text\", \"encoding\": \"utf8\", "
         "\"format\": \"json\"}]}";
}

const char* wrapperError(int errNum) {
  switch (errNum) {
    case 0:
      return "no error";
    case ERR_MODEL_NOT_FOUND:
      return "the weights file cannot be opened; set the config key model to its path";
    case ERR_MODEL_BAD:
      return "the weights file is damaged or of another version";
    case ERR_BAD_CONFIG:
      return "the config key max_pixels must be a whole number from 1 to 268435456";
    case ERR_NOT_READY:
      return "the engine is not initialised";
    case ERR_ALREADY_READY:
      return "the engine is initialised already";
    case ERR_NO_INPUT:
      return "the request has no input named img, or it is empty";
    case ERR_BAD_PARAM:
      return "the parameter top must be a whole number from 0 to 10";
    case ERR_UNKNOWN_FORMAT:
      return "the input img is neither a PNG nor a JPEG picture";
    case ERR_BAD_PICTURE:
      return "the picture is damaged or incomplete";
    case ERR_TOO_LARGE:
      return "the picture has too many pixels";
    case ERR_BLANK:
      return "the picture is blank: no digit stands out from its background";
    case ERR_SESSION_ENDED:
      return "the picture of this session is already complete";
    case ERR_TIMED_OUT:
      return "the request waited longer than its timeout";
    case ERR_STOPPING:
      return "the engine is stopping";
    case ERR_BUSY:
      return "too many requests are waiting";
    case ERR_NO_MEMORY:
      return "out of memory";
    default:
      return "unknown error";
  }
}

/* ---- requests ---- */

const struct DataList* request_picture(const struct DataList* list) {
  for (; list != NULL; list = list->next) {
    if (list->key != NULL && strcmp(list->key, "img") == 0) return list;
  }
  return NULL;
}

int request_top(const struct ParamList* params, int* top) {
  long number = 0;
  const char* text = value_of(params, "top");
  if (text != NULL && read_number(text, 0, CLASSES, &number) != 0) return ERR_BAD_PARAM;
  *top = (int)number;
  return 0;
}

static void report(const char* tag, const struct picture* picture) {
  if (engine.meter != NULL) engine.meter(tag, "images", 1);
  if (engine.trace != NULL) {
    char text[64];
    snprintf(text, sizeof text, "%s %ux%u", picture->format, picture->width, picture->height);
    engine.trace(tag, "picture", text);
  }
}

int recognise(const struct request* request, pDataList* out) {
  if (engine.network == NULL) return ERR_NOT_READY;
  if (request->size == 0) return ERR_NO_INPUT;
  struct picture picture;
  uint8_t square[MAX_SQUARE_SIDE * MAX_SQUARE_SIDE];
  int error = picture_decode(request->data, request->size, engine.max_pixels, &picture);
  if (error == 0) error = features_extract(&picture, network_side(engine.network), square);
  if (error == 0) {
    int32_t scores[CLASSES];
    struct ranking ranking;
    network_scores(engine.network, square, scores);
    network_rank(engine.network, scores, &ranking);
    report(request->tag, &picture);
    *out = answer_new(&ranking, request->top);
    if (*out == NULL) error = ERR_NO_MEMORY;
  }
  free(picture.grey);
  return error;
}

int wrapperExec(const char* usrTag, pParamList params, pDataList reqData, pDataList* respData,
                unsigned int psrIds[], int psrCnt) {
  (void)psrIds;
  (void)psrCnt;
  const struct DataList* node = request_picture(reqData);
  if (node == NULL) return ERR_NO_INPUT;
  struct request request = {usrTag, node->data, node->len, 0};
  int error = request_top(params, &request.top);
  return error != 0 ? error : recognise(&request, respData);
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (void)usrTag;
  free(*respData);
  *respData = NULL;
  return 0;
}
