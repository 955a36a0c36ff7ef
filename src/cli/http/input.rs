//! A request body that may be JSON or a form.

use super::Problem;
use axum::body::Bytes;
use axum::extract::{Form, FromRequest, Json, Request};
use axum::http::{HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;

/// The request's body as it came, whatever it is.
pub(crate) struct WholeBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for WholeBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<WholeBody, Problem> {
        let body = Bytes::from_request(request, state).await;
        body.map(WholeBody).map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))
    }
}

/// The request's body as `T`, from `application/x-www-form-urlencoded` or `application/json`.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Input<T>, Problem> {
        let is_form =
            |v: &HeaderValue| v.as_bytes().to_ascii_lowercase().starts_with(b"application/x-www-form");
        let rejected = if request.headers().get(header::CONTENT_TYPE).is_some_and(is_form) {
            match Form::from_request(request, state).await {
                Ok(Form(input)) => return Ok(Input(input)),
                Err(rejection) => (rejection.status(), rejection.body_text()),
            }
        } else {
            match Json::from_request(request, state).await {
                Ok(Json(input)) => return Ok(Input(input)),
                Err(rejection) => (rejection.status(), rejection.body_text()),
            }
        };
        Err(match rejected {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send `application/json` or `application/x-www-form-urlencoded`",
            ),
            (StatusCode::PAYLOAD_TOO_LARGE, why) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, why),
            (_, why) => Problem::bad_request(why),
        })
    }
}
