//! Column tables: Parquet files (delta or dictionary encoding, zstd) and their CSV export.
//!
//! A column's name carries its unit, such as `energy_pj`.

use crate::error::{Error, Result};
use parquet::basic::{Compression, Encoding, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::column::reader::ColumnReader;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

mod texts;

pub use texts::Texts;

/// Values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Whole numbers; `u64` counts must stay below 2^63.
    Integer(Vec<i64>),
    /// Floating point numbers.
    Float(Vec<f64>),
    /// Text.
    Text(Texts),
}

/// Columns of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<(String, Values)>,
}

impl Values {
    /// Rows.
    pub fn len(&self) -> usize {
        match self {
            Values::Integer(v) => v.len(),
            Values::Float(v) => v.len(),
            Values::Text(v) => v.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn cell(&self, row: usize) -> String {
        match self {
            Values::Integer(v) => v[row].to_string(),
            Values::Float(v) => v[row].to_string(),
            Values::Text(v) => quoted(v.get(row)),
        }
    }

    fn physical(&self) -> (PhysicalType, Encoding) {
        match self {
            Values::Integer(_) => (PhysicalType::INT64, Encoding::DELTA_BINARY_PACKED),
            Values::Float(_) => (PhysicalType::DOUBLE, Encoding::PLAIN),
            Values::Text(_) => (PhysicalType::BYTE_ARRAY, Encoding::PLAIN),
        }
    }
}

/// A cell as comma-separated values have it.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}

impl Table {
    /// Adds a column of whole numbers.
    ///
    /// # Panics
    /// If its length differs from the columns before it.
    pub fn integers(mut self, name: &str, values: impl IntoIterator<Item = u64>) -> Self {
        self.push(name, Values::Integer(values.into_iter().map(|v| v as i64).collect()));
        self
    }

    /// Adds a column of floating point numbers.
    ///
    /// # Panics
    /// If its length differs from the columns before it.
    pub fn floats(mut self, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        self.push(name, Values::Float(values.into_iter().collect()));
        self
    }

    /// Adds a column of text.
    ///
    /// # Panics
    /// If its length differs from the columns before it.
    pub fn text(self, name: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.texts(name, values.into_iter().collect())
    }

    /// Adds a column of text.
    ///
    /// # Panics
    /// If its length differs from the columns before it.
    pub fn texts(mut self, name: &str, values: Texts) -> Self {
        self.push(name, Values::Text(values));
        self
    }

    fn push(&mut self, name: &str, values: Values) {
        assert!(self.columns.is_empty() || self.rows() == values.len(), "columns of one table have one length");
        self.columns.push((name.into(), values));
    }

    /// Without some columns.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.columns.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, v)| v.len())
    }

    /// Names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(n, _)| n.as_str())
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Values> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Takes a column of whole numbers out of the table.
    ///
    /// # Errors
    /// [`Error::Artefact`] naming `path` and the column when it is missing, of another type, or negative.
    pub fn take_integers(&mut self, path: &Path, name: &str) -> Result<Vec<u64>> {
        match self.take(name) {
            Some(Values::Integer(v)) if v.iter().all(|x| *x >= 0) => Ok(v.into_iter().map(|x| x as u64).collect()),
            _ => Err(missing(path, name, "whole numbers")),
        }
    }

    /// Takes a column of floating point numbers out of the table.
    ///
    /// # Errors
    /// [`Error::Artefact`] naming `path` and the column.
    pub fn take_floats(&mut self, path: &Path, name: &str) -> Result<Vec<f64>> {
        match self.take(name) {
            Some(Values::Float(v)) => Ok(v),
            _ => Err(missing(path, name, "numbers")),
        }
    }

    /// Takes a column of text out of the table.
    ///
    /// # Errors
    /// [`Error::Artefact`] naming `path` and the column.
    pub fn take_texts(&mut self, path: &Path, name: &str) -> Result<Texts> {
        match self.take(name) {
            Some(Values::Text(v)) => Ok(v),
            _ => Err(missing(path, name, "text")),
        }
    }

    fn take(&mut self, name: &str) -> Option<Values> {
        let position = self.columns.iter().position(|(n, _)| n == name)?;
        Some(self.columns.swap_remove(position).1)
    }

    /// The table as comma-separated values with a header line.
    pub fn csv(&self) -> String {
        let mut out = self.names().collect::<Vec<_>>().join(",");
        out.push('\n');
        for row in 0..self.rows() {
            let cells: Vec<String> = self.columns.iter().map(|(_, v)| v.cell(row)).collect();
            out.push_str(&cells.join(","));
            out.push('\n');
        }
        out
    }

    /// Writes a Parquet file of one row group.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write_parquet(&self, path: &Path) -> Result<()> {
        write_groups(path, std::iter::once(self))
    }

    fn write_group(&self, writer: &mut SerializedFileWriter<File>) -> std::result::Result<(), ParquetError> {
        let mut group = writer.next_row_group()?;
        for (_, values) in &self.columns {
            let mut column = group.next_column()?.expect("one writer for each column of the schema");
            match (column.untyped(), values) {
                (ColumnWriter::Int64ColumnWriter(w), Values::Integer(v)) => w.write_batch(v, None, None)?,
                (ColumnWriter::DoubleColumnWriter(w), Values::Float(v)) => w.write_batch(v, None, None)?,
                (ColumnWriter::ByteArrayColumnWriter(w), Values::Text(v)) => w.write_batch(&v.bytes(), None, None)?,
                _ => unreachable!("the schema is made from the columns"),
            };
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    fn schema(&self) -> std::result::Result<Type, ParquetError> {
        let field = |(name, values): &(String, Values)| {
            let builder = Type::primitive_type_builder(name, values.physical().0).with_repetition(Repetition::REQUIRED);
            let text = matches!(values, Values::Text(_));
            builder
                .with_converted_type(if text {
                    parquet::basic::ConvertedType::UTF8
                } else {
                    parquet::basic::ConvertedType::NONE
                })
                .build()
        };
        let fields = self.columns.iter().map(|c| field(c).map(Arc::new)).collect::<std::result::Result<_, _>>()?;
        Type::group_type_builder("table").with_fields(fields).build()
    }

    fn properties(&self) -> std::result::Result<WriterProperties, ParquetError> {
        let mut builder = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_created_by(concat!("trapti ", env!("CARGO_PKG_VERSION")).into());
        for (name, values) in &self.columns {
            let column = ColumnPath::from(name.as_str());
            let text = matches!(values, Values::Text(_));
            builder = builder.set_column_dictionary_enabled(column.clone(), text);
            builder = builder.set_column_encoding(column, values.physical().1);
        }
        Ok(builder.build())
    }

    /// Reads a Parquet file of required 64-bit integer, double and text columns, all row groups at once.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be opened, [`Error::Artefact`] when it is not such a file.
    pub fn read_parquet(path: &Path) -> Result<Self> {
        let mut whole = Table::default();
        read_groups(path, |group| {
            whole.append(group);
            Ok(())
        })?;
        Ok(whole)
    }

    fn append(&mut self, more: Table) {
        if self.columns.is_empty() {
            *self = more;
            return;
        }
        for ((_, values), (_, added)) in self.columns.iter_mut().zip(more.columns) {
            match (values, added) {
                (Values::Integer(v), Values::Integer(a)) => v.extend(a),
                (Values::Float(v), Values::Float(a)) => v.extend(a),
                (Values::Text(v), Values::Text(a)) => v.append(&a),
                _ => unreachable!("row groups of one file have one schema"),
            }
        }
    }
}

/// Writes a Parquet file of one row group a table, so that a long table is never in memory as a whole.
///
/// # Panics
/// If the tables do not have the same columns.
///
/// # Errors
/// [`Error::File`].
pub fn write_groups<T: std::borrow::Borrow<Table>>(path: &Path, groups: impl IntoIterator<Item = T>) -> Result<()> {
    let file = File::create(path).map_err(Error::file("cannot write", path))?;
    write_all(file, groups.into_iter()).map_err(|e| Error::file("cannot write", path)(e.into()))
}

fn write_all<T: std::borrow::Borrow<Table>>(
    file: File,
    groups: impl Iterator<Item = T>,
) -> std::result::Result<(), ParquetError> {
    let mut groups = groups.peekable();
    let Some(first) = groups.peek().map(|t| t.borrow()) else {
        return Err(ParquetError::General("a table without row groups has no columns".into()));
    };
    let mut writer = SerializedFileWriter::new(file, Arc::new(first.schema()?), Arc::new(first.properties()?))?;
    for group in groups {
        group.borrow().write_group(&mut writer)?;
    }
    writer.close()?;
    Ok(())
}

/// Reads a Parquet file row group by row group.
///
/// # Errors
/// [`Error::File`] when it cannot be opened, [`Error::Artefact`] when it is not such a file, and what `each` returns.
pub fn read_groups(path: &Path, mut each: impl FnMut(Table) -> Result<()>) -> Result<()> {
    let file = File::open(path).map_err(Error::file("cannot read", path))?;
    let broken = |e: ParquetError| Error::Artefact { path: path.into(), message: e.to_string() };
    let reader = SerializedFileReader::new(file).map_err(broken)?;
    for group in 0..reader.num_row_groups() {
        each(read_group(&reader, group).map_err(broken)?)?;
    }
    Ok(())
}

fn missing(path: &Path, name: &str, expected: &str) -> Error {
    Error::Artefact { path: path.into(), message: format!("expected a column `{name}` of {expected}") }
}

fn read_group(reader: &SerializedFileReader<File>, group: usize) -> std::result::Result<Table, ParquetError> {
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let rows = reader.metadata().row_group(group).num_rows() as usize;
    let mut table = Table::default();
    for (index, column) in schema.columns().iter().enumerate() {
        let mut values = match column.physical_type() {
            PhysicalType::INT64 => Values::Integer(Vec::with_capacity(rows)),
            PhysicalType::DOUBLE => Values::Float(Vec::with_capacity(rows)),
            PhysicalType::BYTE_ARRAY => Values::Text(Texts::default()),
            other => return Err(ParquetError::General(format!("column `{}` has type {other}", column.name()))),
        };
        read_column(&mut values, reader.get_row_group(group)?.get_column_reader(index)?, rows)?;
        table.columns.push((column.name().into(), values));
    }
    Ok(table)
}

fn read_column(values: &mut Values, reader: ColumnReader, rows: usize) -> std::result::Result<(), ParquetError> {
    match (reader, values) {
        (ColumnReader::Int64ColumnReader(mut r), Values::Integer(v)) => r.read_records(rows, None, None, v).map(drop),
        (ColumnReader::DoubleColumnReader(mut r), Values::Float(v)) => r.read_records(rows, None, None, v).map(drop),
        (ColumnReader::ByteArrayColumnReader(mut r), Values::Text(v)) => {
            let mut bytes: Vec<ByteArray> = Vec::with_capacity(rows);
            r.read_records(rows, None, None, &mut bytes)?;
            let texts = bytes.iter().map(|item| item.as_utf8().map(str::to_owned));
            *v = texts.collect::<std::result::Result<_, ParquetError>>()?;
            Ok(())
        }
        _ => Err(ParquetError::General("a column changes its type between row groups".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_its_file_and_its_bytes_are_the_same_twice() {
        let table = Table::default()
            .integers("cycle", [0, 7, 1 << 40])
            .floats("energy_pj", [0.5, f64::MAX, -1.0])
            .text("name", ["a".into(), "b,c".into(), String::new()]);
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        table.write_parquet(&one).unwrap();
        table.write_parquet(&two).unwrap();
        assert_eq!(Table::read_parquet(&one).unwrap(), table);
        write_groups(&folder.path().join("3"), [&table, &table]).unwrap();
        assert_eq!(Table::read_parquet(&folder.path().join("3")).unwrap().rows(), 6);
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
        assert_eq!(table.csv().lines().nth(2).unwrap(), format!("7,{},\"b,c\"", f64::MAX));
    }

    #[test]
    fn what_is_no_table_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, "not parquet").unwrap();
        assert!(Table::read_parquet(&path).unwrap_err().to_string().contains("x.parquet"));
    }
}
